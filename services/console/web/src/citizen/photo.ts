// A photo made small before it is sent: a phone's picture of 8 MB becomes one of some hundred kilobytes, and loses what the camera
// wrote into it. What the browser cannot decode (HEIC, mostly) goes as it is; the server reads it.
const LONGEST = 2048
const QUALITY = 0.85

export class TooLarge extends Error {}

function encode(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
}

export async function shrink(file: Blob, limit: number): Promise<Blob> {
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file)
  } catch {
    if (file.size > limit) throw new TooLarge()
    return file
  }
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  const pen = canvas.getContext('2d')
  if (pen) {
    pen.fillStyle = 'white'
    pen.fillRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height)
  }
  picture.close()
  const small = pen ? await encode(canvas) : null
  if (!small && file.size > limit) throw new TooLarge()
  return small ?? file
}
