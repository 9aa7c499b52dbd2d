// The search box: it searches while somebody types, the last word as the beginning of one, and for whole words when the
// search is asked for.
import { useEffect, useRef } from 'preact/hooks';
import { useLocale } from '../i18n';
import { address, here, navigate } from '../lib/router';
import { asked, typed, type SearchState } from '../lib/search_state';
import { Icon } from './icons';
import { submitted } from './parts';

const pause_ms = 200; // between two letters of somebody who types on

// All letters of one search are one step of the browser's history: "back" leads to what was there before it.
function useTyping(words: string) {
  const shown = useRef<string | null>(null); // the words that the address has from here
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const stop = (): void => clearTimeout(timer.current);
  useEffect(() => stop, []);
  const go = (query: URLSearchParams): void => {
    stop();
    const goesOn = shown.current !== null && shown.current === (here().query.get('q') ?? '');
    shown.current = query.get('q') ?? '';
    navigate(address('/', query), { replace: goesOn });
  };
  return {
    isOwn: shown.current === words,
    type: (text: string): void => {
      stop();
      timer.current = setTimeout(() => go(typed(here().query, text)), pause_ms);
    },
    ask: (text: string): void => {
      go(asked(here().query, text));
      shown.current = null;
    },
  };
}

export function SearchBox({ state }: { state: SearchState }) {
  const { m } = useLocale();
  const box = useRef<HTMLInputElement>(null);
  const typing = useTyping(state.words);
  useEffect(() => {
    // What somebody is typing is not written over by what was searched for a moment ago.
    if (!typing.isOwn && box.current && box.current.value !== state.words) box.current.value = state.words;
  }, [state.words]);
  const onType = (event: Event): void => {
    if (!(event as InputEvent).isComposing) typing.type(box.current?.value ?? ''); // half a letter is none
  };
  return (
    <form class="search" role="search" action="/" method="get" onSubmit={(event) => typing.ask(String(submitted(event).get('q') ?? ''))}>
      <label class="visually-hidden" for="q">{m.searchLabel}</label>
      <input ref={box} id="q" name="q" type="search" defaultValue={state.words} placeholder={m.searchHint} maxLength={200}
        enterkeyhint="search" autocomplete="off" dir="auto" onInput={onType} onCompositionEnd={onType} />
      <button type="submit" class="button primary"><Icon name="search" /> <span>{m.searchButton}</span></button>
    </form>
  );
}
