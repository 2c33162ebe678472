/**
 * CUDA's driver API: one class for each kind of handle, and device memory. Every call is checked. The bindings that jextract
 * generates are used here, in {@link org.codanet.gpu.kernel} and in {@link org.codanet.gpu.library}, and nowhere else. Read {@link
 * org.codanet.gpu.driver.CudaContext} first, then {@link org.codanet.gpu.driver.MemoryPool}.
 */
package org.codanet.gpu.driver;
