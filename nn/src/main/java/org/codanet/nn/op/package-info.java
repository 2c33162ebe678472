/**
 * The operations that every device offers: for each operation an interface and, where it is created for a geometry, a shape record.
 * Read {@link org.codanet.nn.op.Convolution} first, as the simplest example. Dynamic alignment has a package of its own, {@link
 * org.codanet.nn.op.alignment}.
 *
 * <p>Implementations are in the packages of the devices. {@link org.codanet.nn.op.AugmentedImage} is the exception: data augmentation
 * is defined bit by bit, and all devices that compute on the host share this code.
 */
package org.codanet.nn.op;
