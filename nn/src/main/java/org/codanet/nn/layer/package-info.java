/**
 * Layers: operations with their parameters, composed to a network. Read {@link org.codanet.nn.layer.Layer} first, then {@link
 * org.codanet.nn.layer.Sequential}.
 *
 * <p>A layer keeps nothing between calls except its parameters. Everything that a forward pass leaves behind is in the {@link
 * org.codanet.nn.layer.Pass} that it returns, so several passes can exist at a time. There is no automatic differentiation: each layer
 * implements its gradient and its back-projection.
 */
package org.codanet.nn.layer;
