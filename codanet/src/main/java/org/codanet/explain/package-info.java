/**
 * Contributions of pixels and channels to logits, exact by construction. Read {@link org.codanet.explain.Explainer} first;
 * its results are plain values that need no close.
 */
package org.codanet.explain;
