namespace Hearth.EndToEnd.Tests;
