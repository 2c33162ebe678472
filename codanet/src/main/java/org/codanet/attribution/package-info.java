/**
 * Post-hoc attribution methods, and the network's own contributions in the same form, for comparison.
 *
 * <p>A method ({@link org.codanet.attribution.AttributionMethod}) asks a network ({@link org.codanet.attribution.AttributedNetwork}) for
 * logits, gradients or contributions, and computes maps of several targets for each image. Methods that perturb an image or integrate along
 * a path process chunks and accumulate sums only, so their memory does not grow with the number of masks, samples or steps. {@link
 * org.codanet.attribution.method.AttributionMethods} lists them by name, with their parameters and defaults. Source of the selection:
 * Böhle, Fritz, Schiele, CVPR 2021, section 4.2.
 */
package org.codanet.attribution;
