/**
 * Devices: where tensors live and operations run. Read {@link org.codanet.nn.device.Device} first, then {@link
 * org.codanet.nn.device.Devices}, which opens one by name.
 *
 * <p>The interfaces of the operations are in {@code org.codanet.nn.op}. The devices themselves are in {@code org.codanet.nn.cpu},
 * {@code org.codanet.nn.reference} and, in a module of its own, {@code org.codanet.gpu}.
 */
package org.codanet.nn.device;
