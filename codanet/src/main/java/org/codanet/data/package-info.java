/**
 * Images from files to batches: CIFAR-10, MNIST and Fashion-MNIST, folders of pictures, NumPy arrays, and how training images
 * are varied.
 *
 * <p>Pixels are float values in [0, 1], planes of (C, H, W): a byte divided by 255. Inverse channels are not made here but on
 * the device. A seed decides everything: the order of an epoch by (seed, epoch), the variation of an image by (seed, epoch,
 * image), however many threads read. Start with {@link org.codanet.data.dataset.Datasets}, then {@link org.codanet.data.batch.Batches}.
 */
package org.codanet.data;
