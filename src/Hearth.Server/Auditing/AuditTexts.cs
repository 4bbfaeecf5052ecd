namespace Hearth.Server.Auditing;

/// <summary>What the audit log keeps of prompts and answers.</summary>
public enum AuditTexts
{
    /// <summary>The texts, and their digests in the chain.</summary>
    Stored,

    /// <summary>Digests only: whoever has a text can show that it was said, nobody can read it here.</summary>
    Digests,
}
