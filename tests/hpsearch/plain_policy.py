"""The plainest policy of a supervisor: it has some trials and writes down what it is asked and told."""

from __future__ import annotations

from hpsearch.training.messages import Pull
from hpsearch.trial import Suggestion


class Plan:
    """Has `trials` trials; `due` says after which (number, epochs) one is pruned, `pulls` how far each may go."""

    def __init__(self, trials=1, pulls=None):
        self.left, self.pulls = [Suggestion(number, {}, {}, 0) for number in range(trials)], pulls or {}
        self.outcomes, self.notes, self.losses, self.slices, self.due = {}, [], [], [], {}
        self.on_end = lambda: None
        self.unfinished = trials

    def may_hand_out(self):
        return True

    def may_run_again(self):
        return True

    def next_suggestion(self):
        return self.left.pop(0) if self.left else None

    def goes_on(self):
        return self.unfinished > 0

    def begun(self, attempt):
        pass

    def pull(self, attempt):
        self.slices.append(attempt.slice_seconds)
        pulls = self.pulls.get(attempt.number)
        return pulls.pop(0) if pulls else Pull(None, attempt.slice_seconds)

    def trained(self, attempt, chunk):
        pass

    def prunes(self, attempt):
        return self.due.get((attempt.number, attempt.epochs), "")

    def lost(self, attempt, reason):
        self.losses.append((attempt.number, attempt.epochs, reason))

    def ended(self, attempt, outcome, model):
        self.unfinished -= 1
        self.outcomes[attempt.number] = outcome
        self.on_end()

    def look_after(self):
        pass

    def note(self, message):
        self.notes.append(message)
