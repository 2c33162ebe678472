/** Reading and writing of NumPy arrays. */
package org.codanet.file.npy;
