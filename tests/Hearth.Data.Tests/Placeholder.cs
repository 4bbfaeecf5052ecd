namespace Hearth.Data.Tests;
