using System.Net;
using System.Net.Sockets;

namespace Hearth.Models.Hub;

/// <summary>Addresses that do not belong to the public network (IANA's special-purpose registries, RFC 6890).</summary>
internal static class PrivateNetworks
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        ]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3"), Translated = IPNetwork.Parse("64:ff9b::/96");

    // Tunnels into addresses of version 4, and addresses for documents.
    private static readonly IPNetwork[] NotGlobal = [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20")];

    /// <summary>True when an address is of this machine, a local network, or of no single machine.</summary>
    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork) return NotPublic.Any(n => n.Contains(address));
        if (Translated.Contains(address)) return Contains(new IPAddress(address.GetAddressBytes()[12..]));
        return !Global.Contains(address) || NotGlobal.Any(n => n.Contains(address));
    }
}
