using System.Collections;
using System.Runtime.CompilerServices;

namespace Hearth.Data;

/// <summary>A list that never changes and equals one with equal items in the same order, so that records holding lists do too.</summary>
/// <typeparam name="T">The items; they compare by value themselves.</typeparam>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public sealed class ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
{
    private readonly T[] _items;

    internal ValueList(T[] items) => _items = items;

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public T this[int index] => _items[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ValueList<T>? other) => other is not null && _items.SequenceEqual(other._items, EqualityComparer<T>.Default);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    /// <summary>The number of items: equal lists have equal codes, and no hash code reaches a result.</summary>
    public override int GetHashCode() => _items.Length;
}

/// <summary>Makes a <see cref="ValueList{T}"/>; what a collection expression calls.</summary>
public static class ValueList
{
    /// <summary>A list of the given items, copied.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="items">What the list holds, in order.</param>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => new(items.ToArray());
}
