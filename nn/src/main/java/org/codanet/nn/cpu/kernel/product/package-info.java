/**
 * Batches of small matrix products in the precision of the device, on packed operands. {@link
 * org.codanet.nn.cpu.kernel.product.Products} is the interface; float32 and bfloat16 implement it.
 */
package org.codanet.nn.cpu.kernel.product;
