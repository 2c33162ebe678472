/** cuBLAS and cuDNN: handles, plans and descriptors. */
package org.codanet.gpu.library;
