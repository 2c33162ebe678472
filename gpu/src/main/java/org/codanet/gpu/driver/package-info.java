/**
 * CUDA's driver, one class for each kind of handle, every call checked. Read {@link org.codanet.gpu.driver.CudaContext} first.
 */
package org.codanet.gpu.driver;
