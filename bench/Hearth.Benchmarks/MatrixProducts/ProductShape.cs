using Hearth.Benchmarks.Model;

namespace Hearth.Benchmarks.MatrixProducts;

/// <summary>A product [m, k]·[k, n]; transposed when a is stored as [k, m], as in a weight gradient.</summary>
internal readonly record struct ProductShape(int M, int N, int K, bool Transposed = false)
{
    public double Flops => 2.0 * M * N * K;

    public override string ToString() => $"{M}x{N}x{K}{(Transposed ? " t" : "")}";

    /// <summary>Two large ones, then those of a training step of the models.</summary>
    public static IEnumerable<ProductShape> All()
    {
        yield return new ProductShape(1024, 1024, 1024);
        yield return new ProductShape(2048, 2048, 2048);
        foreach (ModelShape s in (ModelShape[])[ModelShape.Of("d256"), ModelShape.Of("d512")])
        {
            foreach (ProductShape shape in OfStep(s)) yield return shape;
        }
    }

    public static IEnumerable<ProductShape> OfStep(ModelShape s)
    {
        int n = ModelShape.Tokens, c = s.Hidden, f = s.FeedForward;
        yield return new ProductShape(n, c, c);
        yield return new ProductShape(n, f, c);
        yield return new ProductShape(n, c, f);
        yield return new ProductShape(c, c, n, Transposed: true);
        yield return new ProductShape(f, c, n, Transposed: true);
        yield return new ProductShape(c, f, n, Transposed: true);
        yield return new ProductShape(1024, ModelShape.Vocabulary, c);
        yield return new ProductShape(1024, c, ModelShape.Vocabulary);
        yield return new ProductShape(ModelShape.Vocabulary, c, 1024, Transposed: true);
    }
}
