using System.Net;
using Hearth.Models.Hub;
using Hearth.Models.Tests.Formats;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Hub;

/// <summary>What is asked of whom, before anything is.</summary>
public sealed class HubChoiceTests
{
    private static readonly HubAddress Address = new("maker/model");

    [Theory]
    [InlineData("README.md,config.json,model.safetensors,pytorch_model.bin,tokenizer.json,training_args.bin,run.py", "README.md,config.json,model.safetensors,tokenizer.json")]
    [InlineData("config.json,model-00001-of-00002.safetensors,model-00002-of-00002.safetensors,model.safetensors.index.json,consolidated.safetensors,original/x.safetensors,tokenizer.model",
        "config.json,model-00001-of-00002.safetensors,model-00002-of-00002.safetensors,model.safetensors.index.json,tokenizer.model")]
    [InlineData("README.md,config.json,m.gguf", "README.md,m.gguf")]
    [InlineData("m-00001-of-00002.gguf,m-00002-of-00002.gguf,mmproj-f16.gguf", "m-00001-of-00002.gguf,m-00002-of-00002.gguf")]
    public void What_a_model_needs_is_chosen(string there, string chosen) => Names(HubSelection.Choose(Address, Files(there), null)).ShouldBe(chosen);

    [Fact]
    public void Of_several_quantisations_one_must_be_chosen()
    {
        IReadOnlyList<HubFile> files = Files("README.md,m-Q4_K_M.gguf,m-Q8_0.gguf,big/m-F16-00001-of-00002.gguf,big/m-F16-00002-of-00002.gguf");
        string message = Should.Throw<HubException>(() => HubSelection.Choose(Address, files, null)).Message;
        foreach (string name in (string[])["m-Q4_K_M.gguf", "m-Q8_0.gguf", "big/m-F16-00001-of-00002.gguf", "--file", "3 forms"]) message.ShouldContain(name);
        message.ShouldNotContain("00002-of-00002");
        Names(HubSelection.Choose(Address, files, p => p.Contains("Q8", StringComparison.Ordinal))).ShouldBe("README.md,m-Q8_0.gguf");
        Names(HubSelection.Choose(Address, files, p => p.Contains("F16-00002", StringComparison.Ordinal))).ShouldBe("README.md,big/m-F16-00001-of-00002.gguf,big/m-F16-00002-of-00002.gguf");
        Should.Throw<HubException>(() => HubSelection.Choose(Address, files, _ => false)).Message.ShouldContain("m-Q8_0.gguf");
    }

    [Theory]
    [InlineData("config.json,pytorch_model.bin", "can run code")]
    [InlineData("README.md", "neither a .gguf")]
    [InlineData("", "no files")]
    public void A_model_without_weights_that_can_be_read_is_refused(string there, string message) =>
        Should.Throw<HubException>(() => HubSelection.Choose(Address, Files(there), null)).Message.ShouldContain(message);

    [Theory]
    [InlineData("gpt2", "gpt2", "main")]
    [InlineData("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B", "main")]
    [InlineData("a/b@v1.0", "a/b", "v1.0")]
    [InlineData("a/b@refs/pr/3", "a/b", "refs/pr/3")]
    public void Addresses_are_read(string text, string repository, string revision) => HubAddress.Parse(text).ShouldBe(new HubAddress(repository, revision));

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a b/c")]
    [InlineData("https://huggingface.co/a/b")]
    public void Other_texts_are_no_addresses(string text) => Should.Throw<HubException>(() => HubAddress.Parse(text)).Message.ShouldContain("OWNER/NAME");

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::1", true)]
    [InlineData("::", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("64:ff9b::a00:1", true)]
    [InlineData("64:ff9b::808:808", false)]
    [InlineData("2002:a00:1::", true)]
    [InlineData("2600:1901::1", false)]
    public void Private_addresses_are_known(string address, bool isPrivate) => PrivateNetworks.Contains(IPAddress.Parse(address)).ShouldBe(isPrivate);

    [Fact]
    public void The_environment_says_which_hub_and_a_token_is_never_sent_unencrypted()
    {
        HubSettings plain = Read();
        plain.Endpoint.ShouldBe(HubSettings.PublicHub);
        (plain.Token, plain.AllowsPrivate).ShouldBe((null, false));
        Read(("HF_ENDPOINT", "https://mirror.example/hub"), ("HF_TOKEN", " hf_x\n")).ShouldSatisfyAllConditions(
            s => s.Endpoint.AbsoluteUri.ShouldBe("https://mirror.example/hub/"), s => s.Token.ShouldBe("hf_x"));
        Read(("HEARTH_PULL_PRIVATE", "1")).AllowsPrivate.ShouldBeTrue();
        Read(("HEARTH_PULL_PRIVATE", "0")).AllowsPrivate.ShouldBeFalse();
        Read(("HF_ENDPOINT", "http://127.0.0.1:8080"), ("HF_TOKEN", "hf_x")).Token.ShouldBe("hf_x");
        Should.Throw<HubException>(() => Read(("HF_ENDPOINT", "http://mirror.example"), ("HF_TOKEN", "hf_x"))).Message.ShouldNotContain("hf_x");
        Should.Throw<HubException>(() => Read(("HF_TOKEN", "hf_x\r\nEvil: 1"))).Message.ShouldNotContain("hf_x");
        foreach (string bad in (string[])["mirror.example", "ftp://mirror.example", "https://user:pass@mirror.example", "https://mirror.example/?a=b"])
            Should.Throw<HubException>(() => Read(("HF_ENDPOINT", bad))).Message.ShouldContain("HF_ENDPOINT");

        static HubSettings Read(params (string Name, string Value)[] variables) =>
            HubSettings.FromEnvironment(name => variables.FirstOrDefault(v => v.Name == name).Value);
    }

    [Theory]
    [InlineData("---\nlicense: mit\n---\n", "mit")]
    [InlineData("---\nlicense: other\nlicense_name: qwen\n---\n", "qwen")]
    [InlineData("---\nlicense: 'apache-2.0'\r\n---\n", "apache-2.0")]
    [InlineData("---\ntags: [a]\n---\nlicense: mit\n", null)]
    [InlineData("license: mit\n", null)]
    [InlineData("", null)]
    public void A_cards_licence_is_read(string card, string? licence)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["README.md"], card);
        ModelCardLicence.Read(folder.Root).ShouldBe(licence);
    }

    private static HubFile[] Files(string names) => [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(n => new HubFile(n, 1 << 20, new string('a', 64), null))];

    private static string Names(IEnumerable<HubFile> files) => string.Join(',', files.Select(f => f.Path));
}
