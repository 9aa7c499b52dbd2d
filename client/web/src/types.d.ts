// Names and forms of a language that some browsers do not know; the build writes them down from its own ICU (build.mjs).
declare module 'cairn:names/sq' {
  import type { LanguageNames } from './i18n/names';
  export const names: LanguageNames;
}

// The address that the country outlines are served at; the build makes the file (build.mjs).
declare module 'cairn:outlines' {
  const url: string;
  export default url;
}
