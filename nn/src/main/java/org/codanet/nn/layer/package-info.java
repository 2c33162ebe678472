/**
 * Layers: operations with parameters, composed by hand, with their own backward. A layer keeps nothing between calls but
 * its parameters; what a pass leaves behind is in the {@link org.codanet.nn.layer.Pass} it returns, so that passes can
 * overlap. Read {@link org.codanet.nn.layer.Layer} first.
 */
package org.codanet.nn.layer;
