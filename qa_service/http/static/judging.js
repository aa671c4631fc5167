// Lets people say whether an answer helped, where the service keeps a log of questions.

import { call } from "./api.js";
import { button, element, labelled } from "./elements.js";

// Two buttons; the one pressed last counts. `send(helpful)` keeps a judgement.
export function judgement(questionId, send = sender(questionId)) {
  const group = element("span", "judgement");
  const buttons = [judge("helps", true), judge("helpsNot", false)];
  group.append(...buttons);
  return group;

  function judge(key, helpful) {
    const made = button("link", key, async () => {
      const before = buttons.map(pressed);
      press(buttons.map((one) => one === made));
      group.querySelector(".bad")?.remove();
      try {
        await send(helpful);
      } catch {
        press(before);
        const note = labelled("span", "bad", "notKept");
        note.setAttribute("role", "status");
        group.append(note);
      }
    });
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  function press(states) {
    buttons.forEach((one, place) => one.setAttribute("aria-pressed", String(states[place])));
  }
}

function pressed(one) {
  return one.getAttribute("aria-pressed") === "true";
}

function sender(questionId) {
  return (helpful) => call("/v1/feedback", { method: "POST", body: { question_id: questionId, helpful } });
}
