/** The inner loops of the CPU device, on the Vector API and as plain loops. */
package org.codanet.nn.cpu.kernel;
