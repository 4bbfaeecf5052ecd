namespace Hearth.Models.Tests;
