package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The tour runs, and each of its sections has the result that it describes. */
final class TourTest {
    @Test
    void theTourShowsWhatItSays() {
        Tour.Findings found = Tour.takeTour();
        assertTrue(found.identityError() < 1e-6, "contributions and bias miss the logit by " + found.identityError());
        assertTrue(
                found.gradientError() < 1e-3, "the gradient misses the finite differences by " + found.gradientError());
        assertTrue(found.lossAfter() < found.lossBefore(), "one update must lower the loss: " + found);
        // A tour of a network that ignores its weights would pass the two first assertions too.
        assertTrue(found.lossBefore() - found.lossAfter() > 1e-4, "one update must change the loss visibly: " + found);
    }
}
