package org.codanet.explain;

import java.util.List;
import java.util.Locale;
import org.codanet.model.NetworkConfig;

/** Checks that the contributions add up to the logits, and names the image and the class where they do not. */
public final class IdentityCheck {
    private IdentityCheck() {}

    /**
     * Fails unless the identity holds for every image and every target.
     *
     * @param names of the images of the explanation, for the message
     * @throws IllegalStateException for the first image and target where the difference exceeds what rounding explains
     */
    public static void require(Explanation explanation, List<String> names, NetworkConfig config) {
        for (int n = 0; n < explanation.images(); n++) {
            for (int t = 0; t < explanation.targets(); t++) {
                // A NaN fails the check as well.
                if (!(explanation.identityError(n, t) <= explanation.tolerance(n, t))) {
                    throw new IllegalStateException(String.format(
                            Locale.ROOT,
                            "%s, class %s: the contributions add up to %.6g and the bias is %.6g, but the logit is %.6g;"
                                    + " rounding explains a difference of at most %.2g, but the difference is %.2g",
                            names.get(n),
                            config.label(explanation.classes(n).get(t)),
                            explanation.evidence(n, t),
                            explanation.bias(),
                            explanation.value(n, t),
                            explanation.tolerance(n, t),
                            explanation.identityError(n, t)));
                }
            }
        }
    }
}
