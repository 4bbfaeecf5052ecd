using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

/// <summary>The meter on a folder laid out as Linux lays out /sys/class/powercap.</summary>
public sealed class EnergyMeterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Packages_and_memory_are_summed_and_cores_are_not_counted_again()
    {
        Zone("intel-rapl:0", "package-0", 1_000_000);
        Zone("intel-rapl:0:0", "core", 5_000_000);
        Zone("intel-rapl:0:1", "dram", 10);
        Zone("intel-rapl:1", "package-1", 0);
        EnergyMeter meter = EnergyMeter.Start(_folder.Root)!;
        meter.Read().ShouldBe(0);
        Zone("intel-rapl:0", "package-0", 3_500_000);
        Zone("intel-rapl:0:0", "core", 9_000_000);
        Zone("intel-rapl:0:1", "dram", 500_010);
        Zone("intel-rapl:1", "package-1", 1_000_000);
        meter.Read().ShouldBe(4.0);
        meter.Read().ShouldBe(4.0);
    }

    [Fact]
    public void A_counter_that_began_again_is_counted_on()
    {
        Zone("intel-rapl:0", "package-0", 9_000_000);
        EnergyMeter meter = EnergyMeter.Start(_folder.Root)!;
        Zone("intel-rapl:0", "package-0", 500_000);                              // to the largest, 10,000,000, and on from 0
        meter.Read().ShouldBe(1.5);
        Zone("intel-rapl:0", "package-0", 9_500_000);
        meter.Read().ShouldBe(10.5);
        Zone("intel-rapl:0", "package-0", 0);
        meter.Read().ShouldBe(11.0);
    }

    [Fact]
    public void Nothing_is_measured_where_nothing_can_be_read()
    {
        EnergyMeter.Start(_folder["absent"]).ShouldBeNull();
        EnergyMeter.Start(_folder.Root).ShouldBeNull();
        Zone("intel-rapl:0:0", "core", 1);
        EnergyMeter.Start(_folder.Root).ShouldBeNull();
        Zone("intel-rapl:0", "package-0", 1);
        File.WriteAllText(Path.Combine(_folder["intel-rapl:0"], "energy_uj"), "many");
        EnergyMeter.Start(_folder.Root).ShouldBeNull();
    }

    [Fact]
    public void A_counter_that_goes_away_ends_the_measurement_and_nothing_else()
    {
        Zone("intel-rapl:0", "package-0", 1);
        EnergyMeter meter = EnergyMeter.Start(_folder.Root)!;
        File.Delete(Path.Combine(_folder["intel-rapl:0"], "energy_uj"));
        meter.Read().ShouldBeNull();
        Zone("intel-rapl:0", "package-0", 2);
        meter.Read().ShouldBeNull();
    }

    private void Zone(string zone, string name, long microjoules)
    {
        Directory.CreateDirectory(_folder[zone]);
        File.WriteAllText(Path.Combine(_folder[zone], "name"), name + "\n");
        File.WriteAllText(Path.Combine(_folder[zone], "energy_uj"), $"{microjoules}\n");
        File.WriteAllText(Path.Combine(_folder[zone], "max_energy_range_uj"), "10000000\n");
    }
}
