/** cuBLAS and cuDNN: their handles, matrix products, and the plans of convolutions. Every call is checked. */
package org.codanet.gpu.library;
