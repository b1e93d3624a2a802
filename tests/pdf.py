"""What is on paper: the text and the QR codes of a PDF, as a person and a phone read them."""

import pypdfium2
import zxingcpp


def texts(document):
    """The text of each page."""
    with pypdfium2.PdfDocument(document) as pages:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in pages]


def codes(document, *, dots_per_inch=203):
    """The texts of the QR codes, page by page, as a label printer of so many dots shows them."""
    with pypdfium2.PdfDocument(document) as pages:
        pictures = [page.render(scale=dots_per_inch / 72).to_pil() for page in pages]
    return [
        barcode.text
        for picture in pictures
        for barcode in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    ]


def sizes(document):
    """Width and height of each page, in millimetres."""
    with pypdfium2.PdfDocument(document) as pages:
        return [tuple(round(side / 72 * 25.4) for side in page.get_size()) for page in pages]


def letters(document):
    """``(letter, left, bottom, right, top)`` of the first page, in points."""
    with pypdfium2.PdfDocument(document) as pages:
        text = pages[0].get_textpage()
        return [
            (text.get_text_range(place, 1), *text.get_charbox(place))
            for place in range(text.count_chars())
        ]
