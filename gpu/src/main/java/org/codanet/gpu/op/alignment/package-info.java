/** Dynamic alignment on the CUDA device. Start with {@link org.codanet.gpu.op.alignment.CudaDynamicAlignment}. */
package org.codanet.gpu.op.alignment;
