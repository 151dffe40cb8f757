/** Thrown to leave the firmware when it sleeps or restarts: nothing after it runs. Whoever brought the event catches it. */
export class Halted extends Error {}
