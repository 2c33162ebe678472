/**
 * The short way from a picture to a result: {@link org.codanet.pipeline.ImagePipeline} takes files, encoded bytes or AWT images,
 * prepares them as the model requires, and classifies or explains them. Code that needs batches of tensors, other layers or single
 * units uses {@code org.codanet.explain} and {@code org.codanet.evaluate} instead.
 */
package org.codanet.pipeline;
