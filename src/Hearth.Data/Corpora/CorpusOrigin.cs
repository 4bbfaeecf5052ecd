namespace Hearth.Data.Corpora;

/// <summary>How documents were come by: the kinds that the EU's template for a summary of training content asks about one by one.</summary>
public enum OriginKind
{
    /// <summary>The recipe does not say.</summary>
    NotStated,
    /// <summary>A data set that anyone can get.</summary>
    PublicDataset,
    /// <summary>Licensed by the holders of the rights, or by who represents them.</summary>
    Licensed,
    /// <summary>A private data set from somebody else.</summary>
    ThirdParty,
    /// <summary>Collected from web pages by the provider, or for it.</summary>
    Crawled,
    /// <summary>What people gave to the provider's services.</summary>
    UserData,
    /// <summary>Written by a model.</summary>
    Synthetic,
    /// <summary>The provider's own documents.</summary>
    Own,
}

/// <summary>Where a corpus comes from, for the papers that go with a model. It changes nothing of what is trained.</summary>
/// <param name="Kind">How the documents were come by.</param>
/// <param name="Url">Where they can be got; empty when not stated.</param>
/// <param name="Languages">Language codes, such as <c>en</c>; empty when not stated.</param>
/// <param name="CollectedFrom">First day, month or year of collecting; empty when not stated.</param>
/// <param name="CollectedTo">Last day, month or year of collecting; empty when not stated.</param>
/// <param name="Domains">The domain names that were crawled, those with the most content first.</param>
/// <param name="About">More about them, in a line; empty when not stated.</param>
public sealed record CorpusOrigin(
    OriginKind Kind, string Url, ValueList<string> Languages, string CollectedFrom, string CollectedTo, ValueList<string> Domains,
    string About)
{
    /// <summary>Nothing is stated.</summary>
    public static readonly CorpusOrigin None = new(OriginKind.NotStated, "", [], "", "", [], "");
}
