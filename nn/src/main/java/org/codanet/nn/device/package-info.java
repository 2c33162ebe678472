/**
 * Where tensors live and operations run. Read {@link org.codanet.nn.device.Device} first; {@link
 * org.codanet.nn.device.Devices} opens one by name.
 */
package org.codanet.nn.device;
