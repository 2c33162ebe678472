/** Reading and writing of safetensors files. */
package org.codanet.file.safetensors;
