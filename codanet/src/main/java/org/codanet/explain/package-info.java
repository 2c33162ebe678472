/**
 * Contributions of pixels and channels to logits, exact by construction. Read {@link org.codanet.explain.Explainer} first. Results are
 * values on the heap. How a back-projection runs is in {@code org.codanet.run}.
 */
package org.codanet.explain;
