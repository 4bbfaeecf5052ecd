#!/bin/sh
# Makes src/Hearth.Models/Tokenizers/Normalizers/normalization.txt from the Unicode Character Database.
# usage: build/unicode/normalization.sh DIRECTORY VERSION
#   DIRECTORY holds UnicodeData.txt and DerivedNormalizationProps.txt (Debian: package unicode-data, /usr/share/unicode)
set -eu
cat <<'NOTICE'
# Decompositions and combining classes, from the Unicode Character Database: UnicodeData.txt and DerivedNormalizationProps.txt.
# Made by build/unicode/normalization.sh, which keeps only what normalisation needs; this file is a modification of those files.
#
# Copyright (c) 1991-2022 Unicode, Inc. All rights reserved.
# Distributed under the Terms of Use in https://www.unicode.org/copyright.html.
#
# Permission is hereby granted, free of charge, to any person obtaining a copy of the Unicode data files and any associated
# documentation (the "Data Files") or Unicode software and any associated documentation (the "Software") to deal in the Data Files
# or Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, and/or
# sell copies of the Data Files or Software, and to permit persons to whom the Data Files or Software are furnished to do so,
# provided that either (a) this copyright and permission notice appear with all copies of the Data Files or Software, or (b) this
# copyright and permission notice appear in associated Documentation.
#
# THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
# THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD PARTY RIGHTS. IN NO EVENT SHALL
# THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES,
# OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
# TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.
#
# Except as contained in this notice, the name of a copyright holder shall not be used in advertising or otherwise to promote the
# sale, use or other dealings in these Data Files or Software without prior written authorization of the copyright holder.
#
# CODE=PARTS  canonical decomposition that composes back    CODE!PARTS  canonical, does not compose back
# CODE~PARTS  compatibility decomposition                   @CLASS CODES  canonical combining class
NOTICE
echo "# version $2"
awk -F ';' '
  FILENAME ~ /DerivedNormalizationProps/ {
    if ($0 !~ /; Full_Composition_Exclusion/) next
    split($1, range, /\.\.| /)
    low = range[1]; high = ($1 ~ /\.\./) ? range[2] : low; sub(/ .*/, "", high)
    if (length(low) == length(high)) excluded[++ranges] = low " " high
    next
  }
  {
    if ($4 > 0) classes[$4] = classes[$4] " " $1
    if ($6 == "") next
    sign = "="
    if ($6 ~ /^</) { sign = "~"; sub(/^<[^>]*> /, "", $6) }
    else for (i = 1; i <= ranges; i++) {
      split(excluded[i], ends, " ")
      if (length($1) == length(ends[1]) && $1 "" >= ends[1] "" && $1 "" <= ends[2] "") sign = "!"
    }
    print $1 sign $6
  }
  END { for (class = 1; class < 256; class++) if (class in classes) print "@" class classes[class] }
' "$1/DerivedNormalizationProps.txt" "$1/UnicodeData.txt"
