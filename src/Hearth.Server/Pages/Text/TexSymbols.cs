namespace Hearth.Server.Pages.Text;

/// <summary>What single commands of TeX stand for.</summary>
internal static class TexSymbols
{
    /// <summary>Letters: shown as identifiers.</summary>
    public static readonly Dictionary<string, string> Letters = Table("""
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ
        sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
        hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ imath ı jmath ȷ infty ∞ emptyset ∅ varnothing ∅ partial ∂ nabla ∇ dots … ldots … cdots ⋯ vdots ⋮ ddots ⋱ top ⊤ bot ⊥ degree °
        """);

    /// <summary>Signs: shown as operators.</summary>
    public static readonly Dictionary<string, string> Signs = Table("""
        cdot ⋅ times × div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ cup ∪ cap ∩ setminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ neg ¬ lnot ¬
        leq ≤ le ≤ geq ≥ ge ≥ ll ≪ gg ≫ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ perp ⊥ parallel ∥ mid ∣ nmid ∤ in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇
        forall ∀ exists ∃ nexists ∄ to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ iff ⟺ mapsto ↦ longrightarrow ⟶
        uparrow ↑ downarrow ↓ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | rvert | lVert ‖ rVert ‖ vert | Vert ‖ lbrace { rbrace } lbrack [ rbrack ] backslash \ prime ′
        therefore ∴ because ∵ models ⊨ vdash ⊢ angle ∠ triangle △ square □ dagger † colon : gets ← prec ≺ succ ≻ asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔
        """);

    /// <summary>Signs whose limits stand above and below where there is room.</summary>
    public static readonly Dictionary<string, string> Large = Table("""
        sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀
        """);

    /// <summary>Integrals: limits stand beside.</summary>
    public static readonly Dictionary<string, string> Integrals = Table("int ∫ iint ∬ iiint ∭ oint ∮");

    /// <summary>Functions, upright; true for those whose limits stand below.</summary>
    public static readonly Dictionary<string, bool> Functions = new[]
    {
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "exp", "log", "ln", "lg", "arg", "deg", "dim", "hom", "ker",
        "lim", "limsup", "liminf", "max", "min", "sup", "inf", "det", "gcd", "Pr", "argmax", "argmin",
    }.ToDictionary(n => n, n => n is "lim" or "limsup" or "liminf" or "max" or "min" or "sup" or "inf" or "det" or "gcd" or "Pr" or "argmax" or "argmin", StringComparer.Ordinal);

    /// <summary>Marks above (or, for the last, below).</summary>
    public static readonly Dictionary<string, string> Accents = Table("hat ^ widehat ^ bar ‾ overline ‾ tilde ~ widetilde ~ vec → overrightarrow → dot ˙ ddot ¨ overbrace ⏞ check ˇ acute ´ grave ` breve ˘");

    /// <summary>Alphabets, by the variant of MathML.</summary>
    public static readonly Dictionary<string, string> Alphabets = Table(
        "mathbf bold boldsymbol bold bm bold mathbb double-struck mathcal script mathscr script mathfrak fraktur mathsf sans-serif mathtt monospace mathrm normal mathit italic operatorname normal");

    /// <summary>Spaces, in em.</summary>
    public static readonly Dictionary<string, string> Spaces = Table(", 0.167em : 0.222em > 0.222em ; 0.278em quad 1em qquad 2em thinspace 0.167em enspace 0.5em ! -0.167em");

    private static Dictionary<string, string> Table(string text)
    {
        string[] words = text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        return Enumerable.Range(0, words.Length / 2).ToDictionary(i => words[2 * i], i => words[(2 * i) + 1], StringComparer.Ordinal);
    }
}
