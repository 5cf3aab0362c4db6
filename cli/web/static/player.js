// One thing plays at a time.

export class Player {
  /** `onchange` is called whenever something begins, goes on or ends. */
  constructor(onchange) {
    this.audio = new Audio();
    this.clip = null; // what plays or is halted: {url, ...}
    this.onchange = onchange;
    for (const event of ["play", "pause", "ended"]) this.audio.addEventListener(event, onchange);
  }

  playing(clip) {
    return this.clip === clip && !this.audio.paused && !this.audio.ended;
  }

  /** Where a clip is, in seconds. */
  place(clip) {
    return this.clip === clip ? this.audio.currentTime : 0;
  }

  toggle(clip) {
    if (this.playing(clip)) this.audio.pause();
    else this.play(clip);
  }

  play(clip) {
    this.open(clip);
    return this.audio.play().catch(() => {}); // halted before it began: nothing to tell
  }

  seek(clip, seconds) {
    this.open(clip);
    this.audio.currentTime = seconds;
    this.onchange();
  }

  stop() {
    this.audio.pause();
    this.clip = null;
    this.audio.removeAttribute("src");
  }

  open(clip) {
    if (this.clip === clip) return;
    this.clip = clip;
    this.audio.src = clip.url;
  }
}
