using Hearth.EndToEnd.Tests.Running;
using Xunit;

// Each test trains on all cores; two at once would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(TinyRun))]
