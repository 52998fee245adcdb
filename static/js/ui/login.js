// Asks for the token in a dialog, and again when it was the wrong one.

import { parts, say } from "./parts.js";

export class LoginDialog {
  constructor(element, login) {
    this.element = element;
    const { token, problem, submit } = (this.parts = parts(element));
    element.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await login(token.value.trim());
        location.reload();
      } catch (error) {
        say(problem, error.status === 401 ? "That is not the token." : error.message);
        submit.disabled = false;
        token.select();
      }
    });
  }

  ask() {
    if (!this.element.open) this.element.showModal();
  }
}
