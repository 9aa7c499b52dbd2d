// Leaving quickly: another page takes this one's place, so that "back" does not lead here.
export const neutral_page = 'https://www.wikipedia.org/';
const escape_twice_ms = 1000;

export function leave(): void {
  document.documentElement.classList.add('left'); // nothing to read while the other page loads
  document.title = ' ';
  location.replace(neutral_page);
}

export function leaveOnEscapeTwice(): () => void {
  let last = -Infinity;
  const listener = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.repeat) return;
    if (event.timeStamp - last < escape_twice_ms) leave();
    last = event.timeStamp;
  };
  addEventListener('keydown', listener, true);
  return () => removeEventListener('keydown', listener, true);
}
