"""What each model of a run said before: a follow-up gives every model its own past.

The engine has one question for a run; here is what makes that question another one for
each model, so that nobody is told that it said what somebody else did.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Conversation:
    run_id: str  # the run that is followed up
    histories: dict[str, tuple[dict, ...]]  # slot name -> messages

    @classmethod
    def after(cls, run, names):
        return cls(run.id, {name: cls._said(run, name) for name in names})

    @staticmethod
    def _said(run, name):
        question = run.question_to(name)
        return (
            *question.history,
            {"role": "user", "content": question.text},
            {"role": "assistant", "content": run.lanes[name].text},
        )

    def question_to(self, name, question):
        return replace(question, history=self.histories[name])

    @property
    def messages(self):
        return [message for history in self.histories.values() for message in history]
