/**
 * The attribution methods. {@link org.codanet.attribution.method.AttributionMethods} creates them by name, with their settings; read {@link
 * org.codanet.attribution.method.Occlusion} for a method that perturbs the image, and {@link
 * org.codanet.attribution.method.IntegratedGradients} for one that uses gradients.
 */
package org.codanet.attribution.method;
