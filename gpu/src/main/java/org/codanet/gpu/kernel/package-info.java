/**
 * From the text of a kernel to a function that can be launched. Read {@link org.codanet.gpu.kernel.KernelCompiler} first.
 */
package org.codanet.gpu.kernel;
