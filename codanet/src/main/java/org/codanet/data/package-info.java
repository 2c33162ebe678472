/**
 * Reads images from files and groups them into batches: CIFAR, MNIST and Fashion-MNIST, folders of pictures, and NumPy arrays. Also
 * the augmentation of training images.
 *
 * <p>Pixels are float values in [0, 1], in the order (C, H, W); a value is a byte divided by 255. Inverse channels are appended on
 * the device, not in this package. All random choices are determined by a seed: the order of an epoch by (seed, epoch), and the
 * augmentation of an image by (seed, epoch, image). They do not depend on the number of threads. Start with
 * {@link org.codanet.data.dataset.Datasets}, then {@link org.codanet.data.batch.Batches}.
 */
package org.codanet.data;
