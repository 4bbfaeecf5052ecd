using System.Xml.Linq;
using Hearth.Server.State;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Security;

/// <summary>Keeps what cookies and forms are protected with in the database: a session begun on one server goes on at another.</summary>
/// <param name="contexts">The database.</param>
internal sealed class ProtectionKeys(IDbContextFactory<ServerDatabase> contexts) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using ServerDatabase database = contexts.CreateDbContext();
        return [.. database.Protection.AsNoTracking().OrderBy(p => p.Id).Select(p => p.Xml).AsEnumerable().Select(x => XElement.Parse(x))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using ServerDatabase database = contexts.CreateDbContext();
        database.Protection.Add(new ProtectionRow { Id = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
        database.SaveChanges();
    }
}
