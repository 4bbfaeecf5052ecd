namespace Hearth.Training.Tests;
