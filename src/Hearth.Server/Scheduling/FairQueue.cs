namespace Hearth.Server.Scheduling;

/// <summary>
/// Who is next: the class, and within it the owner, that has had the fewest tokens (Sheng et al. 2024, arXiv:2401.00588, algorithm 2), weighted by
/// class; an owner's own requests in the order in which they came. Whoever was away does not save up: its count begins at that of those present.
/// For the scheduler's thread alone.
/// </summary>
internal sealed class FairQueue
{
    /// <summary>What a token that is written counts beside one that is read.</summary>
    public const int DecodeCost = 2;

    private const double ClassRatio = 8;

    private readonly Account[] _classes = [new(1), new(1 / ClassRatio), new(1 / (ClassRatio * ClassRatio))];
    private readonly Dictionary<(RequestPriority Priority, string Owner), Account> _owners = [];

    /// <summary>Requests that wait.</summary>
    public int Count { get; private set; }

    /// <summary>A request has come, and waits.</summary>
    public void Enter(Request request)
    {
        Account ofClass = _classes[(int)request.Priority];
        if (!_owners.TryGetValue((request.Priority, request.Owner), out Account? account))
        {
            _owners.Add((request.Priority, request.Owner), account = new Account(1));
        }
        if (account.Present == 0) account.Time = Math.Max(account.Time, LeastPresent(request.Priority));
        if (ofClass.Present == 0) ofClass.Time = Math.Max(ofClass.Time, LeastPresentClass());
        account.Present++;
        ofClass.Present++;
        request.Account = account;
        Wait(request, first: false);
    }

    /// <summary>A request that waited or ran is over.</summary>
    public void Leave(Request request)
    {
        if (request.IsRunning) request.Account!.Running--;
        else if (request.Account!.Waiting.Remove(request)) Count--;
        request.IsRunning = false;
        Account ofClass = _classes[(int)request.Priority];
        ofClass.Present--;
        if (--request.Account!.Present == 0 && (ofClass.Present == 0 || request.Account.Time <= LeastPresent(request.Priority)))
        {
            _owners.Remove((request.Priority, request.Owner));
        }
        if (ofClass.Present > 0) return;
        Forget(request.Priority);
        if (Array.TrueForAll(_classes, c => c.Present == 0)) Array.ForEach(_classes, c => c.Time = 0);
    }

    /// <summary>A request that ran waits again.</summary>
    public void Return(Request request)
    {
        request.Account!.Running--;
        request.IsRunning = false;
        Wait(request, first: true);
    }

    /// <summary>The next request; null when none waits.</summary>
    public Request? Next()
    {
        Account? best = null;
        double classTime = 0;
        foreach (((RequestPriority priority, _), Account account) in _owners)
        {
            if (account.Waiting.Count == 0) continue;
            double time = _classes[(int)priority].Time;
            if (best is not null)
            {
                int order = time.CompareTo(classTime);
                if (order == 0) order = ((int)best.Waiting[0].Priority).CompareTo((int)priority);
                if (order == 0) order = account.Time.CompareTo(best.Time);
                if (order == 0) order = account.Waiting[0].Number.CompareTo(best.Waiting[0].Number);
                if (order > 0) continue;
            }
            (best, classTime) = (account, time);
        }
        return best?.Waiting[0];
    }

    /// <summary>A request goes from the queue to run.</summary>
    public void Take(Request request)
    {
        request.Account!.Waiting.Remove(request);
        request.Account.Running++;
        request.IsRunning = true;
        Count--;
    }

    /// <summary>Counts tokens for a request's owner and class.</summary>
    public void Charge(Request request, long tokens)
    {
        Account ofClass = _classes[(int)request.Priority];
        ofClass.Time += tokens * ofClass.Weight;
        request.Account!.Time += tokens;
    }

    /// <summary>Orders requests that run by whose turn it is.</summary>
    public int Compare(Request a, Request b)
    {
        int order = _classes[(int)a.Priority].Time.CompareTo(_classes[(int)b.Priority].Time);
        if (order == 0) order = b.Priority.CompareTo(a.Priority);
        if (order == 0) order = a.Account!.Time.CompareTo(b.Account!.Time);
        return order != 0 ? order : a.Number.CompareTo(b.Number);
    }

    private void Wait(Request request, bool first)
    {
        if (first) request.Account!.Waiting.Insert(0, request);
        else request.Account!.Waiting.Add(request);
        Count++;
    }

    private double LeastPresent(RequestPriority priority)
    {
        double least = double.MaxValue;
        foreach (((RequestPriority of, _), Account account) in _owners)
        {
            if (of == priority && account.Present > 0) least = Math.Min(least, account.Time);
        }
        return least == double.MaxValue ? 0 : least;
    }

    private double LeastPresentClass()
    {
        double least = double.MaxValue;
        foreach (Account account in _classes)
        {
            if (account.Present > 0) least = Math.Min(least, account.Time);
        }
        return least == double.MaxValue ? 0 : least;
    }

    /// <summary>Nobody of a class is present: all its owners begin alike again.</summary>
    private void Forget(RequestPriority priority)
    {
        foreach ((RequestPriority Priority, string Owner) key in _owners.Keys)
        {
            if (key.Priority == priority) _owners.Remove(key);
        }
    }
}

/// <summary>What an owner, or a class, has had.</summary>
/// <param name="weight">What a token counts.</param>
internal sealed class Account(double weight)
{
    /// <summary>What a token counts.</summary>
    public double Weight { get; } = weight;

    /// <summary>Tokens, weighted.</summary>
    public double Time { get; set; }

    /// <summary>Requests that wait or run.</summary>
    public int Present { get; set; }

    /// <summary>Requests that run.</summary>
    public int Running { get; set; }

    /// <summary>Requests that wait, in order.</summary>
    public List<Request> Waiting { get; } = [];
}
