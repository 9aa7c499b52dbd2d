// Loading, and the passing of time, as hooks.
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ApiError } from './api';

export interface Loaded<T> { data: T | null; error: ApiError | null; busy: boolean; again: () => void }

// Loads anew whenever `key` changes; what was there stays until the new comes, so that nothing jumps.
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: ApiError | null; busy: boolean }>({ data: null, error: null, busy: true });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    setState((old) => ({ ...old, error: null, busy: true }));
    load(control.signal).then(
      (data) => control.signal.aborted || setState({ data, error: null, busy: false }),
      (error: ApiError) => control.signal.aborted || setState({ data: null, error, busy: false }),
    );
    return () => control.abort();
  }, [key, attempt]);
  const again = useCallback(() => setAttempt((n) => n + 1), []);
  return { ...state, again };
}

// The time, anew each `every` milliseconds, so that "open now" stays true.
export function useNow(every = 30_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

// The text once it has stayed the same for `after` milliseconds; an empty one changes nothing.
export function useSettled(text: string, after: number): string {
  const [settled, setSettled] = useState('');
  useEffect(() => {
    if (!text) return undefined;
    const timer = setTimeout(() => setSettled(text), after);
    return () => clearTimeout(timer);
  }, [text, after]);
  return settled;
}
