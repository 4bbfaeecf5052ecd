namespace Hearth.Numerics.Tests;
