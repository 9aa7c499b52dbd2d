// Runs before the page is drawn, so that it does not flash in the wrong colours.
import { rememberedTheme, showTheme } from './lib/preferences';

showTheme(rememberedTheme());
document.documentElement.classList.add('js');
