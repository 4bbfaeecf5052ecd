# Sourced by the comparisons: how the peer (PyTorch, numpy) is run, so that it is at its best here.
# Debian's own Python, whichever else is first on the path.
peer_python="${PEER_PYTHON:-/usr/bin/python3}"

# OpenBLAS 0.3.21 does not know processors newer than itself and falls back to slower kernels; SkylakeX are its AVX-512 ones.
export OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-SkylakeX}"
# glibc's allocator keeps what was freed, large blocks too, instead of asking the system for fresh pages at every step.
peer_malloc=(MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=-1 MALLOC_TOP_PAD_=268435456)

# peer THREADS SCRIPT [OPTION...]
peer() {
  local threads="$1"
  shift
  env "${peer_malloc[@]}" OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS="$threads" "$peer_python" "$@"
}

require_peer() {
  if ! "$peer_python" -c "import $1" 2>/dev/null; then
    echo "$0: $peer_python has no module '$1'. On Debian: apt-get install python3-torch python3-numpy libopenblas0-pthread." >&2
    exit 3
  fi
  # Debian's packages run with any BLAS that is there; the reference one is some twenty times slower.
  if ! "$peer_python" -c "import $1; raise SystemExit('openblas' not in open('/proc/self/maps').read())"; then
    echo "$0: $1 of $peer_python does not use OpenBLAS, so the peer would not be at its best. On Debian: apt-get install libopenblas0-pthread." >&2
    exit 3
  fi
}

require_llama() {
  if ! (cd "${NODE_LLAMA_CPP:-.}" && node -e 'require.resolve("node-llama-cpp")' 2>/dev/null); then
    echo "$0: there is no node-llama-cpp in '${NODE_LLAMA_CPP:-.}'. npm install --prefix DIR node-llama-cpp --ignore-scripts, then set NODE_LLAMA_CPP=DIR." >&2
    exit 3
  fi
}

# Builds the command line and sets program to it.
build_program() {
  local root
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
  dotnet build "$root/src/Hearth.Cli" -c Release -v quiet --nologo >&2
  program="$root/artifacts/bin/Hearth.Cli/release/hearth.dll"
}

# Builds the benchmarks and sets hearth to the command that runs them.
build_hearth() {
  local root
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
  dotnet build "$root/bench/Hearth.Benchmarks" -c Release -v quiet --nologo >&2
  hearth=(dotnet "$root/artifacts/bin/Hearth.Benchmarks/release/Hearth.Benchmarks.dll")
}
